;; Names that a terminal would obey, or that begin a line of their own.
(module $"name\1b[31m"
  (import "host\1b[2J\nAsks for nothing" "x\c2\9b31m" (func))
  (func (export "f\1b]0;title\07")))
