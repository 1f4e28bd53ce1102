(component (core module) (core module $m) (core instance $i (instantiate $m)))
