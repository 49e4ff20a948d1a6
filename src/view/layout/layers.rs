//! Elements in rows, with links between neighbouring rows, and orders of them.

/// Who stands in which row, and is linked to whom in the rows next to it.
pub struct Layers {
    /// By element.
    row: Vec<usize>,
    up: Vec<Vec<usize>>,
    down: Vec<Vec<usize>>,
    count: usize,
}

/// The elements of each row, from the left.
pub type Order = Vec<Vec<usize>>;

impl Layers {
    /// Elements in these rows, with these links, the upper end first.
    pub fn new(row: Vec<usize>, links: impl IntoIterator<Item = (usize, usize)>) -> Layers {
        let count = row.iter().max().map_or(0, |last| last + 1);
        let mut up = vec![Vec::new(); row.len()];
        let mut down = vec![Vec::new(); row.len()];
        for (above, below) in links {
            down[above].push(below);
            up[below].push(above);
        }
        Layers {
            row,
            up,
            down,
            count,
        }
    }

    /// The order in which an element with a smaller key stands left.
    pub fn sorted(&self, key: impl Fn(usize) -> usize) -> Order {
        let mut all: Vec<usize> = (0..self.row.len()).collect();
        all.sort_by_key(|elem| key(*elem));
        let mut order = vec![Vec::new(); self.count];
        for elem in all {
            order[self.row[elem]].push(elem);
        }
        order
    }

    /// Moves elements to the mean place of their neighbours, row after row; but the first `held`
    /// elements keep their order among themselves.
    pub fn sweep(&self, order: &mut Order, down: bool, held: usize) {
        let mut place = self.places(order);
        let links = if down { &self.up } else { &self.down };
        for at in 0..self.count {
            let row = if down { at } else { self.count - 1 - at };
            let mean = |elem: usize| {
                let near = &links[elem];
                if near.is_empty() {
                    return place[elem] as f64;
                }
                let sum: usize = near.iter().map(|other| place[*other]).sum();
                sum as f64 / near.len() as f64
            };
            let mut keyed: Vec<(f64, usize)> =
                order[row].iter().map(|elem| (mean(*elem), *elem)).collect();
            pool(keyed.iter_mut().filter(|(_, elem)| *elem < held));
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (at, (_, elem)) in keyed.iter().enumerate() {
                order[row][at] = *elem;
                place[*elem] = at;
            }
        }
    }

    /// By element, how many stand left of it.
    pub fn places(&self, order: &Order) -> Vec<usize> {
        let mut place = vec![0; self.row.len()];
        for row in order {
            for (at, elem) in row.iter().enumerate() {
                place[*elem] = at;
            }
        }
        place
    }

    /// How many links cross: inversions between neighbouring rows, counted with a Fenwick tree.
    pub fn crossings(&self, order: &Order) -> u64 {
        let place = self.places(order);
        let mut crossings = 0;
        for (at, row) in order.iter().enumerate() {
            let below = order.get(at + 1).map_or(0, Vec::len);
            let mut tree = vec![0u64; below + 1];
            let mut total = 0;
            for elem in row {
                let mut ends: Vec<usize> =
                    self.down[*elem].iter().map(|other| place[*other]).collect();
                ends.sort_unstable();
                for end in &ends {
                    let (mut sum, mut i) = (0, end + 1);
                    while i > 0 {
                        sum += tree[i];
                        i &= i - 1;
                    }
                    crossings += total - sum;
                }
                for end in ends {
                    let mut i = end + 1;
                    while i <= below {
                        tree[i] += 1;
                        i += i & i.wrapping_neg();
                    }
                    total += 1;
                }
            }
        }
        crossings
    }
}

/// Changes keys as little as makes none smaller than one before it: neighbours that are in each
/// other's way get their mean (isotonic regression by pooling, Ayer et al. 1955).
fn pool<'a>(keyed: impl Iterator<Item = &'a mut (f64, usize)>) {
    let mut keys: Vec<&mut f64> = keyed.map(|(key, _)| key).collect();
    // How many keys, and their sum.
    let mut pools: Vec<(usize, f64)> = Vec::new();
    for key in &keys {
        let mut last = (1, **key);
        while let Some((count, sum)) = pools.last()
            && sum / *count as f64 >= last.1 / last.0 as f64
        {
            last = (last.0 + count, last.1 + sum);
            pools.pop();
        }
        pools.push(last);
    }
    let pooled = pools
        .iter()
        .flat_map(|(count, sum)| std::iter::repeat_n(sum / *count as f64, *count));
    for (key, mean) in keys.iter_mut().zip(pooled) {
        **key = mean;
    }
}
