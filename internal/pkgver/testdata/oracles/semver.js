// Orders pairs with node-semver in its loose mode.
const semver = require('semver')
const lines = require('fs').readFileSync(0, 'utf8').split('\n')
const out = []
for (const line of lines) {
  if (line === '') continue
  const [left, right] = line.split('\t')
  const x = semver.parse(left, true)
  const y = semver.parse(right, true)
  out.push(x === null || y === null ? 'x' : String(semver.compare(x, y, true)))
}
process.stdout.write(out.join('\n') + '\n')
