(component $c (type $t u8) (component (type (list $t)) (component (alias outer $c $t (type)))))
