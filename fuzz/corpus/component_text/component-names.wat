(component $a (component (@name "own")) (component $b (@name "other") (type u8)) (component $c (@name "")))
