(module $m (@name "na\22me")
  (@custom "c" (before first) "x") (@custom "d" (after func) "\00\01")
  (func $f (@name "f f") (param $p (@name "") i32) (@metadata.code.branch_hint "\01") (br_if 0 (local.get $p)))
  (func $"f g" (call $"f g")) (; nested (; comment ;) ;) ;; line
  (@unknown a "b" (c)))
