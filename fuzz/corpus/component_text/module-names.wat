(component (core module (@name "own")) (core module $a (@name "own") (func)) (core module $b (@name "")))
