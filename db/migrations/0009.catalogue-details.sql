-- What a catalogue to sell from needs beyond the core: details of products, wishlists, verified reviews.
-- depends: 0008.outbox

select 1;
