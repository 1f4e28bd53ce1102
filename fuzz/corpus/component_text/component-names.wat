(component $a (component (@own-name "own")) (component $b (@own-name "other") (type u8)) (component $c (@own-name "")))
