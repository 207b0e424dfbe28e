/** Parity of the stock sender, as captured, and a slow way to mend with it that shares nothing with fec.ts. */

/**
 * From `udp-sender --async --fec 8x16/128 --blocksize 8` of Debian's udpcast 20120424, with an image of
 * `seededRandom(20_120_424)`: each byte one call, times 256. It cuts slices of 16, 16, 1024 and 68 blocks, and one of 5
 * bytes. Here the parity blocks of the last three, in order; of the very last only those of its stripe, as the others
 * are what was left in memory.
 */
export const STOCK = {
  seed: 20_120_424,
  imageBytes: 8_997,
  blockBytes: 8,
  slices: [
    {
      startByte: 256,
      bytes: 8192,
      parity: `
  b6bfded03be6b40b bb53e43e7315af92 bdcee9c2352a3231 0bc04b7e4f0eaebf 0bda5206a31958b2
  a7cdaef79ccfff13 e7020f7a1fd0ba6a 63da3803854b87ab a21bed64f3c23cd9 665906cffa76a975
  326e92ec3157ffdc 6f3eb8158a8d1519 27cf71f6cef72a43 118a62377f75a406 517570726382e3d1
  71a222980287e54c e337058f32fd5036 2352a2aab7ce2883 80d390192cba9559 e68dbf816981bbab
  3fff6047212246c1 e6c4be61a0a6a514 a54f811cfe3e4921 af9b33a01986c056 821d2e03d1e6897e
  971ca4c65f529e33 f49dfff30553df18 b49f47a19a95f72d cb5b1143f66c07b7 0b712f5bb4630f51
  278002954e0bee39 5edb916bdbcb4670 088028d3fe90857d fac9cc47e7dd5bc1 21fe1f8d7f3f40bd
  b0ad9457252775fe e4616d33341aae35 1ad0a1992610deea d92b16d639dc7628 4304f623fdf068cb
  6b0a310c78cc2880 ddd2c5719891caaa acc52ac066ae4444 6eb792040c73c60c 681cb9b4d062c919
  bcd935beef79b52e c3bb324755bdb872 f481d54d40f66afa 61d7c0d15967ff92 876aa1359228331a
  8e8b2525ed75a010 91488e5dd79cba2a 8f9fb9ece14c4b60 3052492e477fb1cd 2d50728c89b95d9f
  0ac4ef82ac88f546 880ceef90905c662 7b6d1c77a802344d c01cac2bc5944037 b2c943bd9de94290
  6105c3273039aded 2e52eb82ab1ae98f 708411067f51d51a 5a92de3e11ece22f bca92ba973bb5c3b
  3d78c84a17b38f70 d4375cbc08141710 802fb1b25c9bf637 9b879c37e731d1c8 9e2d1ac3ae13fd24
  20df90ce4aaedfa3 70e74dc6953d700b e58f558d22bb197a 5dc752f39b5e6942 e3900584c9050663
  0e62513fe145df48 3c0f8134745ad6af aeb6f1dea8e2f0d2 855ff98693f205d7 932c851bc78adecb
  42f1a828fc6a7920 b5077f026fbe6c20 fb61704857eacafa cabd80c495b85b07 5d84fc0b79e7c987
  e8926b8b345acb43 cb06b26b8e2bc0cb b1f8665c7f31d93a 9af2153b02195fbc 4c692ba40a8b7f05
  61ecd3d7dd40bf9a da642779b836115a 5badb2eb822b752a 219a8bba300ae115 1337239c68718934
  ce6a398a73fe03e5 f14b9465ccbdcf85 749cf52a19808545 747e68fa65d47e4c ea21723b248db67d
  613ed10873a83004 ab71732c359a2312 218c748e72b3fbe2 e4dc40a6353ad3af 4d2973f6c4eb6dc7
  6fa89cabb6642155 03116b4512416360 ad59f0efdeb9be12 90a8c8775fa17a1a c7ded5482c84a378
  f8946833bdedc96b bce7858d2db51ffa d6d6959f9ae971bc 6977ead6819b0da8 caab85b2c0211d99
  da595a079dea9885 7ea631697f76a4dd aeb89485eebddcfe 18a0c221409635a4 a7452dab2b014e47
  b91a590e5477174b 7af88a78e0ab5dcf b88860aba1840925 b178e47944511b9b ba0f7a287291fabd
  bc93db7ff8ab11e8 14898082569640d7 9ad42d6bb637b191`,
    },
    {
      startByte: 8448,
      bytes: 544,
      parity: `
  b4570438d529e848 1aea268f8c57a748 3062939c569279d5 b79edc976639abb3 11cc37f05763f492
  49956dba4000bc3c 3710c5b9dc174acb 24ecf0516ecd939f 6fb4d5066e319f08 9c742c7f45ae0598
  b5096e7f56481549 785137eb6ccd2e76 4b279eb056d83b86 7bba88461d390d1d 5b13da18fd2e5d67
  bfe18de8783121b7 afc3e5500a04f857 efea0a577c28145b 962ee4d800e83e0b e8218fb1f5dd7aeb
  ad59839ea48b03a9 c864e477b8aba3a8 494d0ccabcc68bc6 2f72442d1cc61b70 2d8520959cb4cca0
  ec08c5e59e97e25c 3b3285e59f433017 626209198bcec0af b82170cc0813cfe3 fad3896bb868732a
  fd722e40a6b150fc 999cc3a4c94d416d f8b8bad96f6be9ee 4ce47dabe61cf0bd f66e9963cc67c603
  43b1ac9f4e557413 ff106ecdae3aa38c 15061921aeb11f9c d77efc743d9fdc6e cdcf5c9dc1554426
  53c236987324b5a4 dd93c08087aa4171 f48b4f1b93620cc1 ec9437d538bb49a7 9d7fd0aa941fece0
  7a6fa224c9801ebf c390876a2892853b 4863d816869dda65 96271e9b79651592 f732f09339a88181
  77e564cd9e75aee8 dd8e1975a56a707f cf2c99b85ea35b94 b8b6bec87d935fea a278924e33adac69
  4fe14c58fd53fa2d 7061650495107078 9a9d7e8b7b55070e 9bda37a838cac971 fb26910d42c62424
  09804a9cdd51c5ab bb16e6f09bc9b8a5 2699b42ff16a291b 8b6a7da360163d0d a04b9bb3626ae98c
  ce5d13063cb40d15 a8772c97f898b7d9 e04f0b3ec01b15a1 cdca80e554899e37 6e2412bd95ea6f96
  6c26c46de1b1da7e 53a29a0c5559b876 937868b88b19a323 80b0500c00121336 46188eebca4e0a53
  24d842bde40bca46 c36b8167823b3e12 d9043332ea0816e2 6f8d71034dd9c423 d3ab056872aebd1f
  91025fe3888712c9 18781a223290ff38 4ffc59a8aa002d47 cd4c6c59810992fa 45f3544e65cfe55f
  d5da24cf564ed355 03698f36909bde59 273c3b5f1c7e9909 cf0a54f001803f63 22715a579f5f7367
  e90f19d075dafc21 b17a910edb060529 03a731ecfc033284 afdb68ce15244cab 4d8f5966ece4537e
  608bdc2c54d7face a4a2ab9041e5fc8e 4846ff87461498c6 07951dcf1623fffb fe136d8416481b1a
  400635963e6d70c6 bf19c176359b6a49 f80b50ab8d2f0847 669c58ae58b5320f 2e531aa9aa3c2b49
  8b60e5091fc42ae7 db916846121fc2bc a6f6f61e24671af9 8e63d5c3f874b4d7 40687a9b9a59352f
  fb810fb9e3067cd1 f2d531c05f175286 d0ba0ac18ed425d1 037e697a9b9d46cb 03d988685305c1cf
  f55dbb93c8b49c0a afb299203dc15dfb b5ee03f6bef051cf 33e64e031531716d e6bf78d4203c7937
  3f38063a226d735e 05fa655583775917 414efa998fe0388e d4c818a8b4adcedd ae5d360d62bbb58a
  9fe6381e81bd77ac 6d96d3ccd9f9dc12 ad8b8c98002aecbd`,
    },
    {
      startByte: 8992,
      bytes: 5,
      parity: `
  00ec6c5bf8000000 00984db0e8000000 0082bebf6e000000 009e74685c000000 00faedf90b000000
  000217486c000000 0060b7018f000000 00f8fab167000000 000639d8b4000000 00a0c4038c000000
  00bf9cb8e4000000 0029b4ed15000000 00fd510589000000 00dcb9d531000000 002e081197000000
  001af30f86000000`,
    },
  ],
} as const

/** Blocks by their number in the slice. */
export type Blocks = ReadonlyMap<number, Uint8Array>

/**
 * The data blocks that are missing, from the parity there is; null where it does not suffice. A slice of `blocks`
 * blocks in `stripes` stripes, by Gauss and schoolbook multiplication.
 */
export function mend(data: Blocks, parity: Blocks, blocks: number, stripes: number): Blocks | null {
  // A look before the work: it is asked again with each parity block.
  if (data.size + parity.size < blocks) return null
  const mended = new Map<number, Uint8Array>()
  for (let stripe = 0; stripe < Math.min(blocks, stripes); stripe++) {
    const columns = range(Math.ceil((blocks - stripe) / stripes))
    const lost = columns.filter(column => !data.has(column * stripes + stripe))
    const rows = range(128).filter(row => parity.has(row * stripes + stripe))
    if (rows.length < lost.length) return null
    const equations = rows.slice(0, lost.length).map(row => {
      const sum = Uint8Array.from(parity.get(row * stripes + stripe) ?? [])
      for (const column of columns) {
        const block = data.get(column * stripes + stripe)
        if (block) addTimes(sum, coefficient(column, row), block)
      }
      return { factors: Uint8Array.from(lost, column => coefficient(column, row)), sum }
    })
    solve(equations)
    for (const [at, { sum }] of equations.entries()) {
      mended.set((lost[at] ?? 0) * stripes + stripe, sum)
    }
  }
  return mended
}

interface Equation {
  factors: Uint8Array
  sum: Uint8Array
}

/** Leaves unknown n as the sum of equation n. No pivot is 0: each square part of a Cauchy matrix has an inverse. */
function solve(equations: readonly Equation[]): void {
  for (const [at, pivot] of equations.entries()) {
    const by = inverse(pivot.factors[at] ?? 0)
    pivot.factors = pivot.factors.map(value => times(value, by))
    pivot.sum = pivot.sum.map(value => times(value, by))
    for (const other of equations) {
      const factor = other.factors[at] ?? 0
      if (other === pivot || factor === 0) continue
      addTimes(other.factors, factor, pivot.factors)
      addTimes(other.sum, factor, pivot.sum)
    }
  }
}

function addTimes(sum: Uint8Array, by: number, block: Uint8Array): void {
  const products = Uint8Array.from({ length: 256 }, (_, value) => times(by, value))
  for (let at = 0; at < block.length; at++) {
    sum[at] = (sum[at] ?? 0) ^ (products[block[at] ?? 0] ?? 0)
  }
}

function coefficient(column: number, row: number): number {
  return inverse(128 ^ column ^ row)
}

function inverse(value: number): number {
  return range(256).find(other => times(value, other) === 1) ?? 0
}

function times(one: number, other: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    product <<= 1
    if (product > 255) product ^= 0x11d
    if (((one >> bit) & 1) === 1) product ^= other
  }
  return product
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}
