// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Goroutines, channels, select, timers, tickers, contexts, mutexes, a recovered panic and garbage collection.
package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sort"
	"sync"
	"time"
)

func worker(id int, jobs <-chan int, results chan<- string, done *sync.WaitGroup) {
	defer done.Done()
	for job := range jobs {
		time.Sleep(time.Millisecond)
		results <- fmt.Sprintf("%03d=%d", job, job*job)
		_ = id
	}
}

func pool() {
	jobs, results := make(chan int), make(chan string, 100)
	var done sync.WaitGroup
	for i := 0; i < 8; i++ {
		done.Add(1)
		go worker(i, jobs, results, &done)
	}
	for i := 0; i < 40; i++ {
		jobs <- i
	}
	close(jobs)
	done.Wait()
	close(results)
	var all []string
	for r := range results {
		all = append(all, r)
	}
	sort.Strings(all)
	fmt.Println(len(all), all[0], all[39])
}

func timers() {
	start := time.Now()
	order := make(chan int, 3)
	for i, wait := range []int{30, 10, 20} {
		i, wait := i, wait
		time.AfterFunc(time.Duration(wait)*time.Millisecond, func() { order <- i })
	}
	fmt.Println("timers", <-order, <-order, <-order, time.Since(start) >= 30*time.Millisecond)

	ticker, ticks := time.NewTicker(2*time.Millisecond), 0
	for range ticker.C {
		if ticks++; ticks == 5 {
			ticker.Stop()
			break
		}
	}
	fmt.Println("ticks", ticks)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
		fmt.Println(ctx.Err(), errors.Is(ctx.Err(), context.DeadlineExceeded))
	case <-time.After(5 * time.Second):
		fmt.Println("the deadline did not come")
	}
}

func protect(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	f()
	return nil
}

func main() {
	pool()
	timers()
	var lock sync.Mutex
	var wait sync.WaitGroup
	sum := 0
	for i := 0; i < 1000; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			lock.Lock()
			defer lock.Unlock()
			sum += i
		}(i)
	}
	wait.Wait()
	fmt.Println("sum", sum)
	fmt.Println(protect(func() { var list []int; i := 5; fmt.Println(list[i]) }))
	fmt.Println(protect(func() { var m map[string]int; m["a"] = 1 }))
	fmt.Println(protect(func() { var p *sync.Mutex; p.Lock() }))
	zero := 0
	fmt.Println(protect(func() { fmt.Println(1 / zero) }))
	keep := map[int][]byte{}
	for i := 0; i < 20000; i++ {
		keep[i%100] = make([]byte, 4096)
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("collected", stats.NumGC > 0, len(keep))
}
