//! encode: encodes a deterministic blob (byte i = (7*i + 13) mod 256) the way the reference does and prints
//! the best time of REPEATS runs, its split between Reed-Solomon and hashing, and the blob ID in hex,
//! so that a faster encoder can be compared on the same work in the same minute.
//!
//! decode: the worst case of a read, in which no primary sliver that holds plain bytes of the blob is
//! left: every column's source symbols are computed from as many recovery symbols. Only the decoder
//! is timed, and the bytes it returns are compared with the blob.
use blake2::{digest::consts::U32, Blake2b, Digest};
use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};
use std::time::Instant;

type Hash = Blake2b<U32>;
type Node = [u8; 32];

fn leaf(symbol: &[u8]) -> Node {
    let mut h = Hash::new();
    h.update([0u8]);
    h.update(symbol);
    h.finalize().into()
}

fn inner(left: &Node, right: &Node) -> Node {
    let mut h = Hash::new();
    h.update([1u8]);
    h.update(left);
    h.update(right);
    h.finalize().into()
}

fn root(mut level: Vec<Node>) -> Node {
    while level.len() > 1 {
        if level.len() % 2 == 1 {
            level.push([0; 32]);
        }
        level = level.chunks(2).map(|c| inner(&c[0], &c[1])).collect();
    }
    level[0]
}

struct Times {
    total: f64,
    code: f64,
    hash: f64,
}

fn encode(blob: &[u8], size: usize, n: usize, s: usize) -> (Node, Times) {
    let f = (n - 1) / 3;
    let (rows, cols) = (n - 2 * f, n - f);
    let start = Instant::now();
    let (mut code, mut hash) = (0.0, 0.0);

    let cell = |r: usize, c: usize| &blob[(r * cols + c) * s..(r * cols + c + 1) * s];
    let mut secondary = vec![vec![0u8; rows * s]; n];
    for r in 0..rows {
        for c in 0..cols {
            secondary[c][r * s..(r + 1) * s].copy_from_slice(cell(r, c));
        }
    }
    let mut enc = ReedSolomonEncoder::new(cols, n - cols, s).unwrap();
    let t = Instant::now();
    for r in 0..rows {
        enc.reset(cols, n - cols, s).unwrap();
        for c in 0..cols {
            enc.add_original_shard(cell(r, c)).unwrap();
        }
        for (i, sym) in enc.encode().unwrap().recovery_iter().enumerate() {
            secondary[cols + i][r * s..(r + 1) * s].copy_from_slice(sym);
        }
    }
    code += t.elapsed().as_secs_f64();

    let mut primary = vec![vec![0u8; cols * s]; n];
    for r in 0..rows {
        primary[r].copy_from_slice(&blob[r * cols * s..(r + 1) * cols * s]);
    }
    let mut leaves = vec![[0u8; 32]; n * n];
    let mut enc = ReedSolomonEncoder::new(rows, n - rows, s).unwrap();
    for c in 0..n {
        let t = Instant::now();
        enc.reset(rows, n - rows, s).unwrap();
        for r in 0..rows {
            enc.add_original_shard(&secondary[c][r * s..(r + 1) * s]).unwrap();
        }
        let extended = enc.encode().unwrap();
        code += t.elapsed().as_secs_f64();
        let t = Instant::now();
        for r in 0..rows {
            leaves[n * r + c] = leaf(&secondary[c][r * s..(r + 1) * s]);
        }
        for (i, sym) in extended.recovery_iter().enumerate() {
            leaves[n * (rows + i) + c] = leaf(sym);
            if c < cols {
                primary[rows + i][c * s..(c + 1) * s].copy_from_slice(sym);
            }
        }
        hash += t.elapsed().as_secs_f64();
    }

    let t = Instant::now();
    let pairs = (0..n)
        .map(|i| {
            let mut pair = [0u8; 64];
            pair[..32].copy_from_slice(&root(leaves[n * i..n * (i + 1)].to_vec()));
            pair[32..].copy_from_slice(&root((0..n).map(|j| leaves[n * j + n - 1 - i]).collect()));
            leaf(&pair)
        })
        .collect();
    let mut h = Hash::new();
    h.update([1u8]);
    h.update((size as u64).to_le_bytes());
    h.update(root(pairs));
    let id = h.finalize().into();
    hash += t.elapsed().as_secs_f64();
    std::hint::black_box((&primary, &secondary));
    (id, Times { total: start.elapsed().as_secs_f64(), code, hash })
}

fn decode(blob: &[u8], n: usize, s: usize) -> f64 {
    let f = (n - 1) / 3;
    let (rows, cols) = (n - 2 * f, n - f);
    let cell = |r: usize, c: usize| &blob[(r * cols + c) * s..(r * cols + c + 1) * s];
    let mut enc = ReedSolomonEncoder::new(rows, n - rows, s).unwrap();
    let mut dec = ReedSolomonDecoder::new(rows, n - rows, s).unwrap();
    let mut seconds = 0.0;
    for c in 0..cols {
        enc.reset(rows, n - rows, s).unwrap();
        for r in 0..rows {
            enc.add_original_shard(cell(r, c)).unwrap();
        }
        let recovery: Vec<Vec<u8>> = enc.encode().unwrap().recovery_iter().take(rows).map(|x| x.to_vec()).collect();
        let t = Instant::now();
        dec.reset(rows, n - rows, s).unwrap();
        for (i, symbol) in recovery.iter().enumerate() {
            dec.add_recovery_shard(i, symbol).unwrap();
        }
        let result = dec.decode().unwrap();
        seconds += t.elapsed().as_secs_f64();
        for r in 0..rows {
            assert_eq!(result.restored_original(r).unwrap(), cell(r, c));
        }
    }
    seconds
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<usize> = words[1..].iter().map(|a| a.parse().expect("a number")).collect();
    let (n, size) = (args[0], args[1]);
    let repeats = args.get(2).copied().unwrap_or(3);
    let f = (n - 1) / 3;
    let cells = (n - 2 * f) * (n - f);
    let s = size.max(1).div_ceil(cells).next_multiple_of(2);
    let mut blob = vec![0u8; cells * s];
    for (i, b) in blob[..size].iter_mut().enumerate() {
        *b = (i * 7 + 13) as u8;
    }
    let line = |seconds: f64| {
        print!("shards={n} bytes={size} symbol={s} seconds={seconds:.9} MBps={:.1}", size as f64 / seconds / 1e6)
    };
    match words[0].as_str() {
        "encode" => {
            let runs = (0..repeats).map(|_| encode(&blob, size, n, s));
            let (id, best) = runs.min_by(|a, b| a.1.total.total_cmp(&b.1.total)).expect("at least one run");
            let hex: String = id.iter().map(|b| format!("{b:02x}")).collect();
            line(best.total);
            println!(" code={:.6} hash={:.6} id={hex}", best.code, best.hash);
        }
        "decode" => {
            let seconds = (0..repeats).map(|_| decode(&blob, n, s)).fold(f64::INFINITY, f64::min);
            line(seconds);
            println!();
        }
        other => panic!("{other}: want encode or decode"),
    }
}
