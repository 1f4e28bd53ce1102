// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! A little library, there to have tests that `cargo test` runs through its runner.

/// The greatest common divisor of two numbers.
pub fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Words of a text by how often they occur, most frequent first, then by spelling.
///
/// ```
/// assert_eq!(guest::rank("b a b"), [("b".to_string(), 2), ("a".to_string(), 1)]);
/// ```
pub fn rank(text: &str) -> Vec<(String, usize)> {
    let mut counts = std::collections::HashMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_string()).or_insert(0) += 1;
    }
    let mut ranked: Vec<_> = counts.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gcd_of_rows() {
        for (a, b, want) in [(12, 18, 6), (17, 5, 1), (0, 9, 9)] {
            assert_eq!(gcd(a, b), want);
        }
    }

    #[test]
    fn ranks() {
        assert_eq!(rank("x y x z x y")[0], ("x".to_string(), 3));
    }

    #[test]
    fn files_of_the_package() {
        assert!(std::fs::read_to_string("Cargo.toml").unwrap().contains("guest"));
    }

    #[test]
    #[ignore]
    fn fails_if_asked() {
        panic!("failing as asked");
    }
}
