# Orders pairs with dpkg's own Perl module.
use strict;
use warnings;
use Dpkg::Version;
$| = 0;
local $SIG{__WARN__} = sub { };
while (<STDIN>) {
    chomp;
    my ($left, $right) = split /\t/, $_, -1;
    my $x = Dpkg::Version->new($left, check => 1);
    my $y = Dpkg::Version->new($right, check => 1);
    if (!defined $x || !defined $y) { print "x\n"; next; }
    print version_compare($left, $right), "\n";
}
