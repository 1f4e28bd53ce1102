(component (type (list 1)) (type $later u8) (core type (func (param (ref 1)))) (core type $f (func)))
