(component $c (core module $m (memory 1)) (component $d (component)))
