(component (type $"a b" u8) (type $t (list $"a b")) (type (list $t 3)) (type (tuple u8 1 $t)))
