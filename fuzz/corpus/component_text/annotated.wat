(component (type $x u8) (type $y (@name "x") u16) (type (@name "") u16))
