// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What std offers a WASI program: arguments, environment, standard streams, files, clocks, collections, formatting.
//! The argument is a directory to work in; the exit status is 3.
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

fn files(root: &Path) -> io::Result<()> {
    let dir = root.join("sub/deeper");
    fs::create_dir_all(&dir)?;
    let path = dir.join("data.bin");
    let mut file = fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    file.write_all(&(0..=255).collect::<Vec<u8>>())?;
    file.seek(SeekFrom::Start(250))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    println!("tail {tail:?} size {}", file.metadata()?.len());
    file.set_len(4)?;
    println!("again: {:?}", fs::File::create_new(&path).map_err(|e| e.kind()).err());
    println!("missing: {:?}", fs::read(root.join("none")).map_err(|e| e.kind()).err());
    fs::rename(&path, root.join("moved"))?;
    println!("moved {:?}", fs::read(root.join("moved"))?);
    fs::copy(root.join("moved"), dir.join("copy"))?;
    let mut names: Vec<_> = fs::read_dir(root)?.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    println!("names {names:?}");
    fs::remove_file(root.join("moved"))?;
    fs::remove_dir_all(root.join("sub"))?;
    println!("left {}", fs::read_dir(root)?.count());
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!("{} {:?} {:?}", args.len(), std::env::var("COVE_A"), std::env::var("COVE_NONE"));
    for (n, line) in io::stdin().lock().lines().enumerate() {
        println!("{n}: {}", line.unwrap());
    }
    if let Err(error) = files(Path::new(&args[0])) {
        println!("files: {error}");
    }
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(15));
    println!("slept {}", start.elapsed() >= Duration::from_millis(15));
    println!("clock {}", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() > 1_577_836_800);
    let mut primes: BTreeMap<u32, u32> = BTreeMap::new();
    for n in (2u32..5000).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)) {
        *primes.entry(n % 10).or_default() += 1;
    }
    println!("{primes:?}");
    let mut shown = String::new();
    for x in [0.1f64, 1e21, f64::MIN_POSITIVE, -0.0, f64::NAN, 1.0 / 3.0] {
        shown += &format!("{x} {x:e} {x:8.3}|");
    }
    println!("{shown} {:#x} {:?}", u128::MAX / 7, i64::MIN.checked_neg());
    println!("{:?}", "ünïcode ß".to_uppercase().chars().rev().collect::<String>());
    println!("gcd {}", guest::gcd(1_071, 462));
    eprintln!("to standard error");
    std::process::exit(3);
}
