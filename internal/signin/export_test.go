package signin

// LocalPath is tested and fuzzed by itself.
var LocalPath = localPath
