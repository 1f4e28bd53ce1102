// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
wit_bindgen::generate!({ world: "shapes", path: "../world.wit" });

struct Shapes;

impl Guest for Shapes {
    fn greet(name: String) -> String {
        eprintln!("greet was called");
        format!("hello {name}")
    }
    fn sum(xs: Vec<i32>) -> i32 {
        xs.iter().sum()
    }
    fn area(s: Shape) -> f64 {
        match s {
            Shape::Circle(c) => 3.0 * c.radius * c.radius,
            Shape::Rectangle((a, b)) => a * b,
            Shape::Nothing => 0.0,
        }
    }
    fn people(xs: Vec<Person>) -> Vec<Person> {
        let change = |p: Person| {
            let tags = p.tags.into_iter().chain(["seen".into()]).collect();
            Person { name: p.name.to_uppercase(), age: p.age + 1, tags }
        };
        xs.into_iter().map(change).collect()
    }
    fn divide(a: i32, b: i32) -> Result<i32, String> {
        if b == 0 {
            return Err("division by zero".into());
        }
        Ok(a / b)
    }
    fn find(xs: Vec<String>, x: String) -> Option<u32> {
        xs.iter().position(|y| *y == x).map(|i| i as u32)
    }
}

export!(Shapes);
