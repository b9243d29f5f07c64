-- Undoes 0033.keys-that-categories-hold.
-- depends: 0032.traced-outbox

drop index shop.categories_name_key, shop.categories_slug_key;
alter table shop.categories add constraint categories_name_key unique (name), add constraint categories_slug_key unique (slug);
