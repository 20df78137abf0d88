// Command verify verifies logs and receipts with the code that verifies the log of Go's own modules.
//
//	verify log FOLDER VKEY [OLDER CHECKPOINT ...]
//	verify receipt FILE VKEY
//	verify sign NAME TEXT     prints a new public key, an empty line, and the note of the text
//
// Exits with 1 and says why if something is not proven. Formats are read here by hand, all hashing is golang.org/x/mod's.
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	switch mode, rest := os.Args[1], os.Args[2:]; mode {
	case "log":
		verifyLog(rest[0], rest[1], rest[2:])
	case "receipt":
		verifyReceipt(read(rest[0]), rest[1])
	case "sign":
		private, public, err := note.GenerateKey(rand.Reader, rest[0])
		must(err, "key")
		signer, err := note.NewSigner(private)
		must(err, "key")
		signed, err := note.Sign(&note.Note{Text: rest[1]}, signer)
		must(err, "note")
		fmt.Printf("%s\n\n%s", public, signed)
	}
}

func verifyLog(folder, vkey string, older []string) {
	now := opened(read(filepath.Join(folder, "checkpoint")), vkey)
	reader := tiles{folder, now.N, map[int64]tlog.Hash{}}
	root, err := tlog.TreeHash(now.N, reader)
	must(err, "root")
	need(root == now.Hash, "root: the tiles give another one")
	var rest []byte
	for n := int64(0); n < now.N; n++ {
		if n%256 == 0 {
			need(len(rest) == 0, "something stands behind entry %d", n-1)
			rest = reader.content(tlog.Tile{H: 8, L: -1, N: n / 256})
		}
		need(len(rest) >= 2 && len(rest) >= 2+int(binary.BigEndian.Uint16(rest)), "entry %d is cut off", n)
		end := 2 + int(binary.BigEndian.Uint16(rest))
		proof, err := tlog.ProveRecord(now.N, n, reader)
		must(err, "proof of entry %d", n)
		must(tlog.CheckRecord(proof, now.N, now.Hash, n, tlog.RecordHash(rest[2:end])), "entry %d", n)
		rest = rest[end:]
	}
	need(len(rest) == 0, "something stands behind the last entry")
	for _, file := range older {
		before := opened(read(file), vkey)
		proof, err := tlog.ProveTree(now.N, before.N, reader)
		must(err, "proof of the log of %d entries", before.N)
		must(tlog.CheckTree(proof, now.N, now.Hash, before.N, before.Hash), "the log of %d entries", before.N)
	}
	fmt.Printf("proven: %d entries, %d older checkpoints\n", now.N, len(older))
}

func verifyReceipt(content []byte, vkey string) {
	head, checkpoint, _ := strings.Cut(string(content), "\n\n")
	lines := strings.Split(head, "\n")
	need(len(lines) >= 3 && lines[0] == "c2sp.org/tlog-proof@v1", "the receipt has another form")
	tree := opened([]byte(checkpoint), vkey)
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err, "extra")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err, "index")
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		must(err, "hash")
		proof = append(proof, hash)
	}
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)), "entry %d", index)
	fmt.Printf("proven: entry %d of %d\n", index, tree.N)
}

// opened is the tree of a signed checkpoint: origin, size and root on a line each.
func opened(content []byte, vkey string) (tree tlog.Tree) {
	verifier, err := note.NewVerifier(vkey)
	must(err, "key")
	checkpoint, err := note.Open(content, note.VerifierList(verifier))
	must(err, "checkpoint")
	lines := strings.Split(checkpoint.Text, "\n")
	need(len(lines) == 4 && lines[0] == verifier.Name(), "the checkpoint has another form")
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	tree.Hash, err = tlog.ParseHash(lines[2])
	must(err, "root")
	return tree
}

// tiles are the files of a log of so many entries, and hashes that were taken out of them. Nothing of it is believed
// but what a proof shows.
type tiles struct {
	folder string
	size   int64
	known  map[int64]tlog.Hash
}

// ReadHashes makes tiles the HashReader that golang.org/x/mod makes proofs with.
func (t tiles) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, index := range indexes {
		hash, known := t.known[index]
		if !known {
			tile := tlog.TileForIndex(8, index)
			content := t.content(tile)
			hash, err = tlog.HashFromTile(tile, content[:32*tile.W], index)
			must(err, "hash")
			t.known[index] = hash
		}
		found = append(found, hash)
	}
	return found, nil
}

// content is a file of C2SP tlog-tiles, as wide as the log has it. Its path is Go's without the height, which is 8,
// and what Go calls data are entries.
func (t tiles) content(tile tlog.Tile) []byte {
	level := tile.L
	if level < 0 {
		level = 0
	}
	least := 32 * tile.W
	tile.W = 256
	if width := t.size>>(8*level) - tile.N*256; width < 256 {
		tile.W = int(width)
	}
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	content := read(filepath.Join(t.folder, strings.Replace(path, "/data/", "/entries/", 1)))
	need(len(content) >= least && (tile.L < 0 || len(content) == 32*tile.W), "%s has another length", path)
	return content
}

var contents = map[string][]byte{}

func read(file string) []byte {
	content, known := contents[file]
	if !known {
		var err error
		content, err = os.ReadFile(file)
		must(err, "file")
		contents[file] = content
	}
	return content
}

func must(err error, what string, values ...any) {
	need(err == nil, what+": %v", append(values, err)...)
}

func need(right bool, reason string, values ...any) {
	if !right {
		fmt.Printf("refused: "+reason+"\n", values...)
		os.Exit(1)
	}
}
