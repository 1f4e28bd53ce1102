(component (core module (@own-name "own")) (core module $a (@own-name "own") (func)) (core module $b (@own-name "")))
