# Orders pairs with RubyGems.
require "rubygems"

out = []
STDIN.each_line do |line|
  left, right = line.chomp.split("\t", -1)
  if Gem::Version.correct?(left) && Gem::Version.correct?(right)
    out << (Gem::Version.new(left) <=> Gem::Version.new(right)).to_s
  else
    out << "x"
  end
end
puts out
