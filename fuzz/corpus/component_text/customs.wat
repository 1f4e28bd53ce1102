(component $n (@custom "a" "b") (type u8) (@custom "c" "") (@custom "d" (after last) "\00\ff"))
