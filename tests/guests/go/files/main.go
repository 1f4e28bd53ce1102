// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Files and directories through package os below the directory given.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func check(what string, err error) {
	var path *fs.PathError
	switch {
	case err == nil:
		fmt.Println(what, "ok")
	case errors.Is(err, fs.ErrNotExist):
		fmt.Println(what, "does not exist")
	case errors.Is(err, fs.ErrExist):
		fmt.Println(what, "exists")
	case errors.As(err, &path):
		fmt.Println(what, path.Op, path.Err)
	default:
		fmt.Println(what, err)
	}
}

func main() {
	root := os.Args[1]
	check("chdir", os.Chdir(root))
	check("mkdirall", os.MkdirAll("a/b/c", 0o755))
	check("write", os.WriteFile("a/b/c/x.txt", []byte(strings.Repeat("line\n", 1000)), 0o644))
	data, err := os.ReadFile("a/b/c/x.txt")
	check("read", err)
	fmt.Println(len(data), string(data[:4]))
	file, err := os.OpenFile("a/b/c/x.txt", os.O_RDWR, 0)
	check("open", err)
	at, err := file.Seek(-5, io.SeekEnd)
	check("seek", err)
	n, err := file.WriteString("END!!more")
	check("write", err)
	info, err := file.Stat()
	check("stat", err)
	fmt.Println(at, n, info.Size(), info.Mode().IsRegular(), info.Name())
	check("truncate", file.Truncate(10))
	check("close", file.Close())
	check("close twice", file.Close())
	check("rename", os.Rename("a/b/c/x.txt", "a/y.txt"))
	check("symlink", os.Symlink("y.txt", "a/link"))
	target, err := os.Readlink("a/link")
	check("readlink "+target, err)
	for i := 0; i < 150; i++ {
		if err := os.WriteFile(fmt.Sprintf("a/b/%03d", i), nil, 0o644); err != nil {
			fmt.Println(err)
		}
	}
	count := 0
	check("walk", filepath.WalkDir("a", func(path string, entry fs.DirEntry, err error) error {
		if count++; count%25 == 0 {
			fmt.Println(filepath.ToSlash(path), entry.IsDir())
		}
		return err
	}))
	fmt.Println("entries", count)
	_, err = os.Stat("nothing")
	check("stat nothing", err)
	check("mkdir again", os.Mkdir("a", 0o755))
	temporary, err := os.CreateTemp(".", "t-*")
	check("temporary", err)
	temporary.Close()
	check("remove", os.Remove(temporary.Name()))
	check("removeall", os.RemoveAll("a"))
	entries, err := os.ReadDir(".")
	check("readdir", err)
	fmt.Println("left", len(entries))
}
