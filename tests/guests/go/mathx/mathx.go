// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package mathx is there to have tests: `go test` runs them through the exec wrapper.
package mathx

// Gcd is the greatest common divisor of two numbers.
func Gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
