package main

import "fmt"

func double(n int, out chan<- int) {
	list := make([]int, 100)
	list[n%100] = n
	out <- list[n%100] * 2
}

func main() {
	c := make(chan int, 1)
	sum := 0
	for i := 0; i < 10000; i++ {
		go double(i, c)
		sum += <-c
	}
	fmt.Println(sum)
}
