(component $n (@custom "a" "b") (type u8) (@custom "c" "") (@component-name) (type u16) (@custom "d" "\00\ff"))
