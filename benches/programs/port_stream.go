package main

import "fmt"

const count = 5000000

func produce(out chan<- int) {
	for i := 0; i < count; i++ {
		out <- i
	}
}

func main() {
	c := make(chan int, 128)
	go produce(c)
	sum := 0
	for i := 0; i < count; i++ {
		sum += <-c
	}
	fmt.Println(sum)
}
