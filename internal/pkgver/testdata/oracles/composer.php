<?php
// Orders pairs with composer/semver.
require 'Composer/Semver/autoload.php';
$parser = new Composer\Semver\VersionParser();
while (($line = fgets(STDIN)) !== false) {
    [$left, $right] = explode("\t", rtrim($line, "\n"));
    try {
        $x = $parser->normalize($left);
        $y = $parser->normalize($right);
    } catch (UnexpectedValueException $e) {
        echo "x\n";
        continue;
    }
    if (str_starts_with($x, 'dev-') || str_starts_with($y, 'dev-')) {
        echo "x\n";
        continue;
    }
    echo version_compare($x, $y), "\n";
}
