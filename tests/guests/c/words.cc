// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// C++ with its standard library: containers, algorithms, strings, templates and virtual calls, without exceptions.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};

struct Square final : Shape {
  explicit Square(double side) : side(side) {
  }
  double area() const override {
    return side * side;
  }
  double side;
};

struct Circle final : Shape {
  explicit Circle(double radius) : radius(radius) {
  }
  double area() const override {
    return 3.0 * radius * radius;
  }
  double radius;
};

} // namespace

int main() {
  std::map<std::string, int> counts;
  std::string word;
  for (int c; (c = std::getchar()) != EOF;) {
    if (std::isalpha(c)) {
      word += static_cast<char>(std::tolower(c));
    } else if (!word.empty()) {
      counts[word]++;
      word.clear();
    }
  }
  std::vector<std::pair<std::string, int>> ranked(counts.begin(), counts.end());
  std::stable_sort(ranked.begin(), ranked.end(), [](auto &a, auto &b) { return a.second > b.second; });
  for (size_t i = 0; i < std::min<size_t>(5, ranked.size()); i++)
    std::printf("%s %d\n", ranked[i].first.c_str(), ranked[i].second);

  std::vector<std::unique_ptr<Shape>> shapes;
  for (int i = 1; i < 20; i++) {
    if (i % 3 == 0)
      shapes.push_back(std::make_unique<Circle>(i));
    else
      shapes.push_back(std::make_unique<Square>(i));
  }
  double total = 0;
  for (auto &shape : shapes)
    total += shape->area();
  std::unordered_map<int, std::set<int>> groups;
  for (int i = 0; i < 1000; i++)
    groups[i % 7].insert(i * i % 101);
  size_t sizes = 0;
  for (auto &[key, values] : groups)
    sizes += values.size() * static_cast<size_t>(key + 1);
  std::function<long(int)> fibonacci = [&](int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); };
  std::printf("%.1f %zu %ld %s\n", total, sizes, fibonacci(20), std::to_string(1234567890123LL).c_str());
  return 0;
}
