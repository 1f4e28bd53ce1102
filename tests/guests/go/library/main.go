// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A walk through the standard library: hashes, compression, JSON, regular expressions, big numbers, sorting, templates.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/big"
	"regexp"
	"sort"
	"strings"
	"text/template"
	"unicode/utf8"
)

type item struct {
	Name  string             `json:"name"`
	Price float64            `json:"price"`
	Tags  []string           `json:"tags,omitempty"`
	More  map[string]float64 `json:"more"`
}

func main() {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 2000)
	fmt.Printf("%x %08x\n", sha256.Sum256([]byte(text)), crc32.ChecksumIEEE([]byte(text)))

	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, 9)
	io.WriteString(writer, text)
	writer.Close()
	reader, err := gzip.NewReader(bytes.NewReader(packed.Bytes()))
	back, _ := io.ReadAll(reader)
	fmt.Println(packed.Len(), string(back) == text, err, base64.StdEncoding.EncodeToString(packed.Bytes())[:40])

	in := []item{{"a", 1.25, []string{"x", "y"}, map[string]float64{"k": 1e21, "b": -0.1}}, {"ü\n", math.MaxFloat64, nil, nil}}
	coded, _ := json.Marshal(in)
	var out []item
	fmt.Println(string(coded), json.Unmarshal(coded, &out), out[1].Name == in[1].Name, out[0].More["k"])

	pattern := regexp.MustCompile(`(?i)(\w+) (f[a-z]*)`)
	fmt.Println(len(pattern.FindAllString(text, -1)), pattern.ReplaceAllString(text[:50], "$2 $1"))

	factorial := new(big.Int).MulRange(1, 300)
	digits := factorial.String()
	fmt.Println(len(digits), digits[:20], new(big.Int).Exp(big.NewInt(3), big.NewInt(1000), big.NewInt(1_000_003)))

	words := strings.Fields(text)
	sort.SliceStable(words, func(i, j int) bool { return words[i] < words[j] })
	fmt.Println(len(words), words[0], words[len(words)-1], utf8.RuneCountInString("héllo, 世界"))

	page := template.Must(template.New("").Parse("{{range $i, $x := .}}{{$i}}:{{$x.Name | printf \"%q\"}} {{end}}\n"))
	var rendered strings.Builder
	fmt.Println(page.Execute(&rendered, in), rendered.String())
	fmt.Println(math.Sin(1), math.Cbrt(-2.5), math.Sqrt(2), math.FMA(1.1, 2.2, 3.3), math.Float64bits(math.Log(10)))
}
