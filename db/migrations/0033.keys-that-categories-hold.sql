-- Categories can be moved and renamed at once by several people, and while products of them are being written.
-- A move holds its own row, waits for the other moves and then for the row above; were name and slug keys, two moves below each
-- other would wait in a ring (0031.keys-that-orders-hold.sql).
-- depends: 0032.traced-outbox

-- squawk-ignore ban-drop-constraint
alter table shop.categories drop constraint categories_name_key, drop constraint categories_slug_key;
-- squawk-ignore require-concurrent-index-creation
create unique index categories_name_key on shop.categories (name) where name is not null;
-- squawk-ignore require-concurrent-index-creation
create unique index categories_slug_key on shop.categories (slug) where slug is not null;
