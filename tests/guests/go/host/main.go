// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What a program sees of its host: arguments, environment, standard input, clocks, exit status.
package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"time"
)

func main() {
	fmt.Println(len(os.Args)-1, os.Args[1:])
	for _, name := range []string{"COVE_A", "COVE_EMPTY", "COVE_NONE"} {
		value, set := os.LookupEnv(name)
		fmt.Printf("%s=%q %v\n", name, value, set)
	}
	lines := bufio.NewScanner(os.Stdin)
	for n := 1; lines.Scan(); n++ {
		fmt.Printf("%d: %s\n", n, lines.Text())
	}
	one, two := make([]byte, 16), make([]byte, 16)
	rand.Read(one)
	rand.Read(two)
	fmt.Println("random", string(one) != string(two), "clock", time.Now().Year() >= 2024)
	fmt.Fprintln(os.Stderr, "to standard error")
	os.Exit(7)
}
