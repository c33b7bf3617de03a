const FACTOR = 0x9e3779b1 | 0;
const MIX = 0x85ebca6b | 0;
/** Slots for each run: with so few of them filled, the first one looked at is nearly always the right one. */
const SPREAD = 8;
const LAST_PLACE = 2 ** 31 - 1;

// Kept from call to call, as clearing a table costs more than filling it: places up to `used` are those of earlier calls.
let places = new Int32Array(1024);
let used = 0;

/**
 * How many of the runs of `size` numbers that stand next to each other are distinct. A hash table of places, as a run put into a
 * text or an array of its own would cost more than all the rest; the hash of a run is made from that of the run before it.
 */
export function countDistinctRuns(numbers: readonly number[], size: number): number {
  const runs = numbers.length - size + 1;
  if (runs < 1) return 0;
  const bits = 32 - Math.clz32(SPREAD * runs - 1);
  const shift = 32 - bits;
  const mask = 2 ** bits - 1;
  if (places.length <= mask || used + runs > LAST_PLACE) {
    places = new Int32Array(Math.max(mask + 1, places.length));
    used = 0;
  }
  const table = places;
  const base = used + 1;
  let hash = 0;
  let lead = 1; // the weight of a run's first number in its hash
  for (let at = 0; at < size - 1; at += 1) {
    hash = (Math.imul(hash, FACTOR) + numbers[at]!) | 0;
    lead = Math.imul(lead, FACTOR);
  }
  let distinct = 0;
  for (let start = 0; start < runs; start += 1) {
    hash = (Math.imul(hash, FACTOR) + numbers[start + size - 1]!) | 0;
    let slot = Math.imul(hash ^ (hash >>> 15), MIX) >>> shift;
    while (table[slot]! >= base && !isSame(numbers, table[slot]! - base, start, size)) slot = (slot + 1) & mask;
    if (table[slot]! < base) {
      table[slot] = base + start;
      distinct += 1;
    }
    hash = (hash - Math.imul(lead, numbers[start]!)) | 0;
  }
  used += runs;
  return distinct;
}

function isSame(numbers: readonly number[], one: number, other: number, size: number): boolean {
  for (let i = 0; i < size; i += 1) if (numbers[one + i] !== numbers[other + i]) return false;
  return true;
}
