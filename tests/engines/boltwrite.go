// SPDX-License-Identifier: Apache-2.0

// What bbolt itself writes and reads, for tests of our own reader (package
// golang-github-coreos-bbolt-dev). Build with GO111MODULE=off GOPATH=/usr/share/gocode.
//
//	boltwrite random SEED PAGESIZE FILE   some hundred transactions; prints what bbolt then sees
//	boltwrite storm FILE                  commits as fast as it can until its input ends; all keys
//	                                      of a state have the same value
//	boltwrite big MIB FILE                a database like containerd's, of about so many MiB
//	boltwrite count FILE                  buckets, keys and bytes of values, as bolt_dump -q prints
package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strconv"

	"go.etcd.io/bbolt"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "boltwrite:", err)
		os.Exit(1)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	check(err)
	return n
}

func open(file string, pageSize int) *bbolt.DB {
	db, err := bbolt.Open(file, 0600, &bbolt.Options{PageSize: pageSize, NoSync: true})
	check(err)
	db.NoSync = true
	return db
}

func bytesOf(r *rand.Rand, max int) []byte {
	b := make([]byte, r.Intn(max+1))
	r.Read(b)
	return b
}

// change does one random thing somewhere below b.
func change(r *rand.Rand, b *bbolt.Bucket, depth, pageSize int) {
	key := []byte(fmt.Sprintf("%x", r.Intn(400)))
	if r.Intn(3) == 0 {
		key = append(bytesOf(r, 300), 1)
	}
	nested := b.Bucket(key)
	switch {
	case nested != nil && r.Intn(20) == 0:
		check(b.DeleteBucket(key))
	case nested != nil:
		change(r, nested, depth+1, pageSize)
	case b.Get(key) != nil && r.Intn(2) == 0:
		check(b.Delete(key))
	case b.Get(key) == nil && depth < 10 && r.Intn(6) == 0:
		_, err := b.CreateBucket(key)
		check(err)
	case r.Intn(40) == 0:
		check(b.Put(key, bytesOf(r, 4*pageSize)))
	default:
		check(b.Put(key, bytesOf(r, 60)))
	}
}

func dump(b *bbolt.Bucket, at string) {
	check(b.ForEach(func(k, v []byte) error {
		if v == nil {
			fmt.Printf("%s%s/\n", at, hex.EncodeToString(k))
			dump(b.Bucket(k), at+hex.EncodeToString(k)+"/")
		} else {
			fmt.Printf("%s%s=%s\n", at, hex.EncodeToString(k), hex.EncodeToString(v))
		}
		return nil
	}))
}

func random(seed, pageSize int, file string) {
	r := rand.New(rand.NewSource(int64(seed)))
	db := open(file, pageSize)
	for i, n := 0, 20+r.Intn(200); i < n; i++ {
		check(db.Update(func(tx *bbolt.Tx) error {
			top, err := tx.CreateBucketIfNotExists([]byte{byte('a' + r.Intn(4))})
			check(err)
			for j, n := 0, 1+r.Intn(60); j < n; j++ {
				change(r, top, 0, pageSize)
			}
			return nil
		}))
	}
	check(db.View(func(tx *bbolt.Tx) error {
		dump(tx.Cursor().Bucket(), "")
		return nil
	}))
	check(db.Close())
}

func storm(file string) {
	ended := make(chan bool)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		ended <- true
	}()
	db := open(file, 4096)
	for generation := 0; ; generation++ {
		check(db.Update(func(tx *bbolt.Tx) error {
			for i := 0; i < 300; i++ {
				b, err := tx.CreateBucketIfNotExists([]byte(fmt.Sprintf("b%d", i%30)))
				check(err)
				// sizes differ, so that pages move
				key := []byte(fmt.Sprintf("%0*d", 20+(generation+i)%50, i))
				check(b.ForEach(func(k, v []byte) error {
					n, err := strconv.Atoi(string(k))
					check(err)
					if n == i {
						key = k
					}
					return nil
				}))
				if generation%7 == i%7 {
					check(b.Delete(key))
					key = []byte(fmt.Sprintf("%0*d", 20+(generation+i)%50, i))
				}
				check(b.Put(append([]byte{}, key...), []byte(strconv.Itoa(generation))))
			}
			return nil
		}))
		if generation == 0 {
			fmt.Println("ready")
		}
		select {
		case <-ended:
			check(db.Close())
			fmt.Println(generation + 1)
			return
		default:
		}
	}
}

func big(mib int, file string) {
	r := rand.New(rand.NewSource(1))
	spec := make([]byte, 5000)
	r.Read(spec)
	db := open(file, 4096)
	for i, n := 0, mib*110; i < n; {
		check(db.Update(func(tx *bbolt.Tx) error {
			v1, err := tx.CreateBucketIfNotExists([]byte("v1"))
			check(err)
			ns, err := v1.CreateBucketIfNotExists([]byte("k8s.io"))
			check(err)
			all, err := ns.CreateBucketIfNotExists([]byte("containers"))
			check(err)
			for ; i < n && i%500 != 499; i++ {
				c, err := all.CreateBucket([]byte(fmt.Sprintf("%064x", r.Uint64())))
				check(err)
				check(c.Put([]byte("image"), []byte("registry.example/image:v1")))
				check(c.Put([]byte("snapshotter"), []byte("overlayfs")))
				check(c.Put([]byte("spec"), spec[:4000+r.Intn(1000)]))
				labels, err := c.CreateBucket([]byte("labels"))
				check(err)
				for l := 0; l < 8; l++ {
					check(labels.Put([]byte(fmt.Sprintf("io.kubernetes.label.%d", l)),
						[]byte("some value of a label")))
				}
			}
			i++
			return nil
		}))
	}
	check(db.Close())
}

func count(file string) {
	var buckets, keys, bytes int
	var walk func(b *bbolt.Bucket)
	walk = func(b *bbolt.Bucket) {
		check(b.ForEach(func(k, v []byte) error {
			if v == nil {
				buckets++
				walk(b.Bucket(k))
			} else {
				keys++
				bytes += len(v)
			}
			return nil
		}))
	}
	db, err := bbolt.Open(file, 0600, &bbolt.Options{ReadOnly: true})
	check(err)
	check(db.View(func(tx *bbolt.Tx) error {
		walk(tx.Cursor().Bucket())
		return nil
	}))
	fmt.Printf("%d buckets, %d keys, %d bytes\n", buckets, keys, bytes)
}

func main() {
	switch args := os.Args[1:]; {
	case len(args) == 4 && args[0] == "random":
		random(number(args[1]), number(args[2]), args[3])
	case len(args) == 2 && args[0] == "storm":
		storm(args[1])
	case len(args) == 3 && args[0] == "big":
		big(number(args[1]), args[2])
	case len(args) == 2 && args[0] == "count":
		count(args[1])
	default:
		fmt.Fprintln(os.Stderr, "usage: boltwrite random|storm|big|count ...")
		os.Exit(2)
	}
}
