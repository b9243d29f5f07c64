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
  add column is_in_stock boolean not null default false,
  add column options text[] not null default '{}',
  -- squawk-ignore adding-field-with-default
  add column price_cents bigint not null generated always as (price * 100) stored,
  -- squawk-ignore adding-field-with-default
  add column rating_tenths integer not null generated always as (
    case when review_count > 0 then round(rating_total * 10.0 / review_count) else 0 end
  ) stored;
comment on column shop.products.search_document is 'Stems of name (A), brand and category (B), SKU (C) and description (D).';
comment on column shop.products.is_in_stock is
  'Whether an active variant can still be sold. Written only when that changes, not at each sale.';
comment on column shop.products.options is 'Options of its active variants, each as name:value.';
-- Behind row-level security the planner may not use what it knows of numerics, since comparing them might leak; of
-- whole numbers it may. Without, it would take every limit of price for half of the shop.
comment on column shop.products.price_cents is 'The price, to be compared.';
comment on column shop.products.rating_tenths is 'The average rating, to be compared; 0 if there is none.';
grant select (is_in_stock) on shop.products to anon, customer;

create function shop.product_document(name text, brand text, category text, skus text, description text)
returns tsvector
language sql stable
return setweight(to_tsvector('shop.words', name), 'A')
  || setweight(to_tsvector('shop.words', concat_ws(' ', brand, category)), 'B')
  || setweight(to_tsvector('shop.words', skus), 'C')
  || setweight(to_tsvector('shop.words', left(description, 100000)), 'D');
comment on function shop.product_document is 'What a product is found by, in the order of weight.';

create function shop.describe_product() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  category text;
  skus text := concat_ws(' ', new.sku, (
    select string_agg(v.sku, ' ' order by v.sku) from shop.product_variants v where v.product_id = new.id and not v.is_default
  ));
begin
  -- Locked against being renamed meanwhile, as the foreign key will lock it anyway.
  select c.name into category from shop.categories c where c.id = new.category_id for key share;
  new.search_document := shop.product_document(new.name, new.brand, category, skus, new.description);
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

create function shop.note_variants() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  product uuid := case tg_op when 'DELETE' then old.product_id else new.product_id end;
begin
  -- Locked first and looked at then: of two who sell the last of two variants, the second sees what the first did.
  perform from shop.products p where p.id = product for no key update;
  update shop.products p set
    -- Named, so that what it is found by is written anew.
    sku = p.sku,
    is_in_stock = exists (
      select from shop.product_variants v join shop.stock s on s.variant_id = v.id
      where v.product_id = p.id and v.is_active and s.available > 0
    ),
    options = array(
      select distinct a.key || ':' || a.value from shop.product_variants v, jsonb_each_text(v.attributes) a
      where v.product_id = p.id and v.is_active and not v.is_default order by 1
    )
  where p.id = product;
  return null;
end;
$$;
create trigger product_variants_note_insert after insert on shop.product_variants
  for each row when (not new.is_default) execute function shop.note_variants();
create trigger product_variants_note_update after update of sku, attributes, is_active on shop.product_variants
  for each row execute function shop.note_variants();
create trigger product_variants_note_delete after delete on shop.product_variants
  for each row when (not old.is_default) execute function shop.note_variants();
comment on function shop.note_variants is 'A product is found by the SKUs and options of its variants, and in stock with them.';

create function shop.note_stock() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  product uuid := (select v.product_id from shop.product_variants v where v.id = new.variant_id);
begin
  -- As in note_variants; and not at all where nothing changes, since many buy one product at once.
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
comment on function shop.note_stock is 'Keeps is_in_stock of the product when a variant sells out or comes back.';

-- Once for every variant, the default ones included.
alter table shop.products disable trigger products_touch;
alter table shop.product_variants disable trigger product_variants_touch;
update shop.product_variants set sku = sku;
alter table shop.product_variants enable trigger product_variants_touch;
alter table shop.products enable trigger products_touch;

-- squawk-ignore require-concurrent-index-deletion
drop index shop.products_created_at_idx, shop.products_category_id_idx, shop.products_is_featured_idx,
  shop.products_review_count_idx;
-- squawk-ignore require-concurrent-index-creation
create index products_created_at_idx on shop.products (created_at, id);
-- squawk-ignore require-concurrent-index-creation
create index products_category_id_idx on shop.products (category_id, created_at, id);
-- squawk-ignore require-concurrent-index-creation
create index products_category_id_price_cents_idx on shop.products (category_id, price_cents, id) where is_active;
-- squawk-ignore require-concurrent-index-creation
create index products_price_cents_idx on shop.products (price_cents, id);
-- squawk-ignore require-concurrent-index-creation
create index products_is_featured_idx on shop.products (created_at, id) where is_featured;
-- squawk-ignore require-concurrent-index-creation
create index products_review_count_idx on shop.products (review_count, id);
-- squawk-ignore require-concurrent-index-creation
create index products_rating_tenths_idx on shop.products (rating_tenths, id);
-- squawk-ignore require-concurrent-index-creation
create index products_brand_idx on shop.products (lower(brand));
-- squawk-ignore require-concurrent-index-creation
create index products_search_document_idx on shop.products using gin (search_document);
-- squawk-ignore require-concurrent-index-creation
create index products_options_idx on shop.products using gin (options);
