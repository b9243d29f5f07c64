-- What finding leans on: documents to be found by, the words that the shop knows, who is in stock, indexes.
-- Each order of products has an index of its key and id, both in one direction: so it is read from where a page ended.
-- depends: 0009.catalogue-details

create extension fuzzystrmatch schema extensions;

create text search configuration shop.words (copy = pg_catalog.english);
alter text search configuration shop.words
  alter mapping for hword, hword_part, word with extensions.unaccent, pg_catalog.english_stem;
comment on text search configuration shop.words is 'English stems, without accents.';

create table shop.search_words (
  id bigint generated always as identity,
  -- Not unique: two who add one word at once would wait for each other, and that it stands here twice does no harm.
  word text collate "C" not null,
  constraint search_words_pkey primary key (id)
);
create index search_words_word_idx on shop.search_words (word);
create index search_words_word_trgm_idx on shop.search_words using gist (word extensions.gist_trgm_ops);
comment on table shop.search_words is 'Every word that a product was ever described by: what a mistyped one is compared with.';
call shop.protect('shop.search_words');

alter table shop.products
  add column search_document tsvector not null default '',
  add column is_in_stock boolean not null default false;
comment on column shop.products.search_document is 'Stems of name (A), brand and category (B), SKU (C) and description (D).';
comment on column shop.products.is_in_stock is
  'Whether an active variant can still be sold. Written only when that changes, not at each sale.';
grant select (is_in_stock) on shop.products to anon, customer;

create function shop.describe_product() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  category text;
begin
  -- Locked against being renamed meanwhile, as the foreign key will lock it anyway.
  select c.name into category from shop.categories c where c.id = new.category_id for key share;
  new.search_document := setweight(to_tsvector('shop.words', new.name), 'A')
    || setweight(to_tsvector('shop.words', concat_ws(' ', new.brand, category)), 'B')
    || setweight(to_tsvector('shop.words', new.sku), 'C')
    || setweight(to_tsvector('shop.words', left(new.description, 100000)), 'D');
  insert into shop.search_words (word)
  select l.word from unnest(tsvector_to_array(new.search_document)) l (word)
  where l.word ~ '^[[:alpha:]]{3,40}$'
    and not exists (select from shop.search_words w where w.word = l.word collate "C");
  return new;
end;
$$;
create trigger products_describe before insert or update of name, brand, category_id, sku, description on shop.products
  for each row execute function shop.describe_product();
comment on function shop.describe_product is 'Keeps what a product is found by.';

create function shop.describe_products_of_category() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update shop.products set category_id = new.id where category_id = new.id;
  return null;
end;
$$;
create trigger categories_describe_products after update of name on shop.categories
  for each row when (old.name <> new.name) execute function shop.describe_products_of_category();
comment on function shop.describe_products_of_category is 'Products are found by the new name of their category, no more by the old.';

create function shop.note_stock() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  variant uuid := coalesce(to_jsonb(new) ->> 'variant_id', to_jsonb(new) ->> 'id');
  product uuid := (select v.product_id from shop.product_variants v where v.id = variant);
begin
  -- Locked first and looked at then: of two who sell the last of two variants, the second sees what the first did.
  perform from shop.products p where p.id = product for no key update;
  update shop.products p set is_in_stock = not p.is_in_stock
  where p.id = product and p.is_in_stock <> exists (
    select from shop.product_variants v join shop.stock s on s.variant_id = v.id
    where v.product_id = p.id and v.is_active and s.available > 0
  );
  return null;
end;
$$;
create trigger stock_note after update on shop.stock
  for each row when ((old.available > 0) <> (new.available > 0)) execute function shop.note_stock();
create trigger product_variants_note_stock after update of is_active on shop.product_variants
  for each row when (old.is_active <> new.is_active) execute function shop.note_stock();
comment on function shop.note_stock is 'Keeps is_in_stock of the product when a variant sells out, comes back or is switched.';

alter table shop.products disable trigger products_touch;
update shop.products p set name = p.name, is_in_stock = exists (
  select from shop.product_variants v join shop.stock s on s.variant_id = v.id
  where v.product_id = p.id and v.is_active and s.available > 0
);
alter table shop.products enable trigger products_touch;

-- squawk-ignore require-concurrent-index-deletion
drop index shop.products_created_at_idx, shop.products_category_id_idx, shop.products_is_featured_idx,
  shop.products_review_count_idx;
-- squawk-ignore require-concurrent-index-creation
create index products_created_at_idx on shop.products (created_at, id);
-- squawk-ignore require-concurrent-index-creation
create index products_category_id_idx on shop.products (category_id, created_at, id);
-- squawk-ignore require-concurrent-index-creation
create index products_category_id_price_idx on shop.products (category_id, price, id);
-- squawk-ignore require-concurrent-index-creation
create index products_is_featured_idx on shop.products (created_at, id) where is_featured;
-- squawk-ignore require-concurrent-index-creation
create index products_review_count_idx on shop.products (review_count, id);
-- squawk-ignore require-concurrent-index-creation
create index products_rating_idx on shop.products ((coalesce(average_rating, 0)), id);
-- squawk-ignore require-concurrent-index-creation
create index products_brand_idx on shop.products (lower(brand));
-- squawk-ignore require-concurrent-index-creation
create index products_search_document_idx on shop.products using gin (search_document);
-- squawk-ignore require-concurrent-index-creation
create index product_variants_attributes_idx on shop.product_variants using gin (attributes jsonb_path_ops);
