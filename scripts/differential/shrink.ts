/**
 * Makes a sequence shorter as long as two servers still differ over it: operations are left out, many at first, then one by one.
 *
 * Pure but for `fails`, which tries. What is found is as short as it gets by leaving out; operations stay as they are.
 */

/** The numbers of the operations that are needed; `fails` says whether those it is given still fail. */
export const shrink = async (
  numbers: ReadonlyArray<number>,
  fails: (numbers: ReadonlyArray<number>) => Promise<boolean>,
): Promise<ReadonlyArray<number>> => {
  let left = numbers
  for (let size = Math.ceil(left.length / 2); size >= 1;) {
    let isShorter = false
    // from the end: what is late is needed by little
    for (let to = left.length; to > 0; to -= size) {
      const from = Math.max(0, to - size)
      const fewer = left.toSpliced(from, to - from)
      if (fewer.length === left.length || fewer.length === 0 || !(await fails(fewer))) continue
      left = fewer
      isShorter = true
    }
    if (size > 1) size = Math.ceil(size / 2)
    else if (!isShorter) break
  }
  return left
}
