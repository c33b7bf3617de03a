/**
 * How many of the runs of `size` numbers that stand next to each other are distinct. A hash table of places, as a run put into a
 * text or an array of its own would cost more than all the rest.
 */
export function countDistinctRuns(numbers: readonly number[], size: number): number {
  const runs = numbers.length - size + 1;
  if (runs < 1) return 0;
  const mask = 2 ** Math.ceil(Math.log2(2 * runs)) - 1; // at most half of the table is filled
  const table = new Int32Array(mask + 1); // where a run starts, plus 1; 0 is free
  let distinct = 0;
  for (let start = 0; start < runs; start += 1) {
    let slot = hashOf(numbers, start, size) & mask;
    while (table[slot] !== 0 && !isSame(numbers, table[slot]! - 1, start, size)) slot = (slot + 1) & mask;
    if (table[slot] !== 0) continue;
    table[slot] = start + 1;
    distinct += 1;
  }
  return distinct;
}

function hashOf(numbers: readonly number[], start: number, size: number): number {
  let hash = size;
  for (let at = start; at < start + size; at += 1) {
    hash = Math.imul(hash ^ numbers[at]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

function isSame(numbers: readonly number[], one: number, other: number, size: number): boolean {
  for (let i = 0; i < size; i += 1) if (numbers[one + i] !== numbers[other + i]) return false;
  return true;
}
