(module (tag $e (param i32))
  (func (try (do (throw $e (i32.const 1))) (catch $e (drop) (rethrow 0)) (catch_all)))
  (func try $l try nop delegate $l catch $e drop catch_all end)
  (memory 1 1 shared) (func (atomic.fence) (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))
