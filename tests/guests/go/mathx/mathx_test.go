// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package mathx

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestGcd(t *testing.T) {
	for _, row := range [][3]int{{12, 18, 6}, {17, 5, 1}, {0, 9, 9}} {
		if got := Gcd(row[0], row[1]); got != row[2] {
			t.Errorf("Gcd(%d, %d) = %d, want %d", row[0], row[1], got, row[2])
		}
	}
}

func TestTemporaryFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("mathx_test.go"); err != nil {
		t.Fatal("the working directory is not the package's:", err)
	}
}

func TestParallel(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			time.Sleep(5 * time.Millisecond)
		})
	}
}

func TestFailsOnRequest(t *testing.T) {
	if os.Getenv("PATH") == "" {
		t.Error("PATH is not passed on")
	}
	if len(os.Args) > 0 && os.Args[len(os.Args)-1] == "fail-please" {
		t.Error("failing as asked")
	}
}

func BenchmarkGcd(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Gcd(1000000007, i+1)
	}
}
