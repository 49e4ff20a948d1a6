package main

import "fmt"

func work(n int, out chan<- int) {
	x := 1
	for i := 0; i < n; i++ {
		x = x*1103515245 + 12345
		x ^= x >> 7
	}
	out <- x
}

func main() {
	c := make(chan int, 2)
	for i := 0; i < 2; i++ {
		go work(300000000, c)
	}
	fmt.Println(<-c + <-c)
}
