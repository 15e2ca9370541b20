/** Words of passphrases: common, short, and unlike one another. Seven of them carry more than 60 bits. */
export const PASSPHRASE_WORDS: readonly string[] = `
acorn actor agate alarm album alder algae alley almond amber anchor angle ankle antler apple apron arbor arch arena
arrow ash aspen atlas attic autumn avenue award axle badge bagel baker balcony balloon bamboo banana banjo banner
barley barn barrel basil basin basket beach beacon beagle beaver bell bench berry bike birch bird biscuit bison
blanket blossom boat bobbin bonnet book boot border bottle boulder bowl box bracket branch brass bread breeze brick
bridge brook broom brush bucket buckle bugle bunny burrow bush butter button cabin cable cactus cake camel camera
canal candle canoe canvas canyon carbon cargo carpet carrot castle cave cedar cellar cello chalk chapel cheese cherry
chess chestnut chime chisel circle citrus clay cliff cloak clock cloud clover coach coast cobalt cocoa comet compass
copper coral corner cotton cougar cove cradle crane crater crayon creek crest cricket crown crystal cup curtain
cushion cypress daisy dawn deck deer delta denim desert desk dial diamond dinghy dolphin domino donkey door dragon
drawer drum dune eagle earth easel echo elbow elder elm ember emerald engine envelope fabric falcon farm feather fence
fern ferry fiddle field fig finch fjord flag flame flannel flask flint flower flute fog forest fork fossil fountain
fox frame frost fudge galaxy garden garlic garnet gate gazelle geyser ginger giraffe glacier glade glass globe glove
goat gold goose grain granite grape grass gravel grove guitar gull hammer hammock harbor harp harvest hat hawk hazel
heath hedge heron hill hinge holly honey hook horizon horn horse hotel igloo indigo ink iris iron island ivory ivy
jacket jaguar jasmine jelly jewel jigsaw juniper kayak kernel kettle key kitchen kite kiwi koala lace ladder lagoon
lake lamp lantern larch lark lasso lava lavender leaf ledge lemon lentil lichen lilac lily lime linen lion lizard
llama lobster locket lotus lynx magnet magpie mango maple marble marigold market marsh mast meadow melon meteor mill
mint mirror mitten moon moose mosaic moss moth mountain muffin mulberry museum mustard napkin nectar needle nest
nettle nickel noodle north nutmeg oak oasis oat ocean olive onion onyx opal orange orbit orchard orchid otter oven owl
oyster paddle palace palm panda pantry papaya paper parcel parrot pasture path patio peach peacock peanut pear pebble
pelican pencil penguin pepper petal piano pigeon pillow pine pistachio planet plank plaza plum pocket pond pony poplar
poppy porch prairie prism puddle puffin pumpkin puzzle quail quarry quartz quill quilt rabbit radio radish raft rain
raisin ranch raven reed reef ribbon ridge river robin rocket rope rose rowan ruby rudder saddle saffron sage sail
salmon sand sandal sapphire satin saucer scarf school seal season seed shadow shell shore silk silver sketch sky slate
sled snail snow socket sofa sparrow spice spider spinach spiral spoon spruce squash stable star station stone storm
straw stream studio sugar summit sun swallow swan sycamore table tablet tango teapot temple tent thicket thimble
thistle thunder tiger timber toast tomato topaz torch tower trail train tray trellis trout trumpet tulip tundra tunnel
turtle twig umbrella valley vanilla velvet vessel village vine violet violin walnut walrus water wave wheat wheel
whistle willow window winter wool wren yacht yarn zebra zenith zephyr zinnia
`
  .trim()
  .split(/\s+/)
