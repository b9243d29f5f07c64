-- What is sold: categories, products with variants and images, reviews with the averages they make.
-- depends: 0002.accounts

create table shop.categories (
  id uuid not null default gen_random_uuid(),
  name text not null,
  slug text not null,
  description text not null default '',
  parent_id uuid,
  image text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint categories_pkey primary key (id),
  constraint categories_name_key unique (name),
  constraint categories_slug_key unique (slug),
  -- Not cascade: to lose a branch of the tree must never lose what hangs on it.
  constraint categories_parent_id_fkey foreign key (parent_id) references shop.categories (id) on delete restrict,
  constraint categories_name_length check (length(btrim(name)) between 1 and 255),
  constraint categories_slug_is_a_slug check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 255)
);
create index categories_parent_id_idx on shop.categories (parent_id);
create trigger categories_touch before update on shop.categories for each row execute function shop.touch();
comment on table shop.categories is 'The tree that products hang in.';

create function shop.refuse_category_cycle() returns trigger
language plpgsql set search_path = '' as $$
begin
  -- Two moves at once could close a ring that neither sees; moves are rare, so they queue.
  perform pg_advisory_xact_lock(hashtext('shop.categories.parent_id'));
  if exists (
    with recursive ancestors as (
      select c.id, c.parent_id from shop.categories c where c.id = new.parent_id
      union
      select c.id, c.parent_id from shop.categories c join ancestors a on c.id = a.parent_id
    )
    select from ancestors where id = new.id
  ) then
    raise sqlstate '23514' using
      message = 'a category inside itself violates check constraint "categories_tree_has_no_cycle"',
      constraint = 'categories_tree_has_no_cycle';
  end if;
  return new;
end;
$$;
create trigger categories_refuse_cycle before insert or update of parent_id on shop.categories
  for each row when (new.parent_id is not null) execute function shop.refuse_category_cycle();
comment on function shop.refuse_category_cycle is 'A category is never its own ancestor.';

create table shop.products (
  id uuid not null default gen_random_uuid(),
  name text not null,
  slug text not null,
  description text not null default '',
  category_id uuid,
  brand text not null default '',
  price numeric(12, 2) not null,
  compare_price numeric(12, 2),
  cost_price numeric(12, 2),
  sku text not null,
  is_featured boolean not null default false,
  is_active boolean not null default true,
  rating_total integer not null default 0,
  review_count integer not null default 0,
  average_rating numeric(2, 1) generated always as (
    case when review_count > 0 then round(rating_total::numeric / review_count, 1) end
  ) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint products_pkey primary key (id),
  constraint products_slug_key unique (slug),
  constraint products_category_id_fkey foreign key (category_id) references shop.categories (id) on delete restrict,
  constraint products_name_length check (length(btrim(name)) between 1 and 255),
  constraint products_slug_is_a_slug check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 255),
  constraint products_sku_length check (length(btrim(sku)) between 1 and 100),
  constraint products_price_not_negative check (price >= 0),
  constraint products_compare_price_not_negative check (compare_price >= 0),
  constraint products_cost_price_not_negative check (cost_price >= 0),
  constraint products_reviews_add_up check (
    review_count >= 0 and rating_total between review_count and 5 * review_count
  )
);
-- Suppliers write 85123A and 85123a for one thing.
create unique index products_sku_key on shop.products (lower(sku));
create index products_category_id_idx on shop.products (category_id, created_at desc, id);
create index products_created_at_idx on shop.products (created_at desc, id);
create index products_price_idx on shop.products (price, id);
create index products_name_idx on shop.products (name, id);
create index products_name_trgm_idx on shop.products using gin (name extensions.gin_trgm_ops);
-- Lists tell how many there are in all: counted here without touching the table.
create index products_active_idx on shop.products (category_id, price) where is_active;
create index products_words_idx on shop.products
  using gin ((name || ' ' || description || ' ' || sku) extensions.gin_trgm_ops);
create index products_is_featured_idx on shop.products (created_at desc, id) where is_featured;
create index products_average_rating_idx on shop.products (average_rating desc nulls last, id);
create index products_review_count_idx on shop.products (review_count desc, id);
create trigger products_touch before update on shop.products for each row execute function shop.touch();
comment on table shop.products is 'What the shop sells. Stock and the SKU that is picked belong to its variants.';

create table shop.product_variants (
  id uuid not null default gen_random_uuid(),
  product_id uuid not null,
  name text not null,
  sku text not null,
  price_modifier numeric(12, 2) not null default 0,
  attributes jsonb not null default '{}',
  is_default boolean not null default false,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint product_variants_pkey primary key (id),
  constraint product_variants_product_id_fkey foreign key (product_id) references shop.products (id) on delete cascade,
  constraint product_variants_name_length check (length(btrim(name)) between 1 and 255),
  constraint product_variants_sku_length check (length(btrim(sku)) between 1 and 100),
  constraint product_variants_attributes_is_object check (jsonb_typeof(attributes) = 'object'),
  constraint product_variants_default_costs_the_same check (not is_default or price_modifier = 0)
);
create unique index product_variants_sku_key on shop.product_variants (lower(sku));
create index product_variants_product_id_idx on shop.product_variants (product_id);
create unique index product_variants_one_default on shop.product_variants (product_id) where is_default;
create trigger product_variants_touch before update on shop.product_variants
  for each row execute function shop.touch();
comment on table shop.product_variants is
  'What is really picked and counted. Each product has one default variant, which nobody sees: it carries the stock as long as there are no others.';

create function shop.keep_default_variant() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into shop.product_variants (product_id, name, sku, is_default) values (new.id, new.name, new.sku, true);
  else
    update shop.product_variants set sku = new.sku where product_id = new.id and is_default and sku <> new.sku;
  end if;
  return null;
end;
$$;
create trigger products_keep_default_variant after insert or update of sku on shop.products
  for each row execute function shop.keep_default_variant();
comment on function shop.keep_default_variant is 'Every product has a variant to count, under the product''s own SKU.';

create function shop.rest_default_variant() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  product uuid := coalesce(new.product_id, old.product_id);
begin
  update shop.product_variants d set is_active = not has_others.answer
  from (
    select exists (select from shop.product_variants o where o.product_id = product and not o.is_default) as answer
  ) has_others
  where d.product_id = product and d.is_default and d.is_active = has_others.answer;
  return null;
end;
$$;
create trigger product_variants_rest_default_on_insert after insert on shop.product_variants
  for each row when (not new.is_default) execute function shop.rest_default_variant();
create trigger product_variants_rest_default_on_delete after delete on shop.product_variants
  for each row when (not old.is_default) execute function shop.rest_default_variant();
comment on function shop.rest_default_variant is 'A product with variants of its own is sold as one of them, not as the default.';

create function shop.refuse_negative_variant_price() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  product uuid := case tg_table_name when 'products' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'product_id' end;
begin
  -- The product's row is locked by whoever changes it, and by this, so that both sides see each other.
  perform from shop.products p where p.id = product for update;
  if exists (
    select from shop.products p join shop.product_variants v on v.product_id = p.id
    where p.id = product and p.price + v.price_modifier < 0
  ) then
    raise sqlstate '23514' using
      message = 'price and price modifier together violate check constraint "product_variants_price_not_negative"',
      constraint = 'product_variants_price_not_negative';
  end if;
  return null;
end;
$$;
create trigger products_refuse_negative_variant_price after update of price on shop.products
  for each row execute function shop.refuse_negative_variant_price();
create trigger product_variants_refuse_negative_price after insert or update of price_modifier, product_id
  on shop.product_variants for each row when (new.price_modifier < 0)
  execute function shop.refuse_negative_variant_price();
comment on function shop.refuse_negative_variant_price is 'A variant''s price is product price + modifier and never negative.';

create table shop.product_images (
  id uuid not null default gen_random_uuid(),
  product_id uuid not null,
  image text not null,
  alt_text text not null default '',
  is_primary boolean not null default false,
  sort_order integer not null default 0,
  constraint product_images_pkey primary key (id),
  constraint product_images_product_id_fkey foreign key (product_id) references shop.products (id) on delete cascade,
  constraint product_images_image_is_a_path check (image ~ '^/media/[A-Za-z0-9/_.-]+$' and image !~ '\.\.'),
  constraint product_images_alt_text_length check (length(alt_text) <= 255)
);
create index product_images_product_id_idx on shop.product_images (product_id, sort_order);
create unique index product_images_one_primary on shop.product_images (product_id) where is_primary;
comment on table shop.product_images is 'Pictures of products; the files lie in the media folder.';

create table shop.reviews (
  id uuid not null default gen_random_uuid(),
  product_id uuid not null,
  customer_id uuid not null default shop.current_user_id(),
  rating smallint not null,
  title text not null default '',
  comment text not null default '',
  is_approved boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reviews_pkey primary key (id),
  constraint reviews_product_id_fkey foreign key (product_id) references shop.products (id) on delete cascade,
  constraint reviews_customer_id_fkey foreign key (customer_id) references shop.customers (id) on delete cascade,
  constraint reviews_one_per_customer_and_product unique (product_id, customer_id),
  constraint reviews_rating_is_1_to_5 check (rating between 1 and 5),
  constraint reviews_title_length check (length(title) <= 255),
  constraint reviews_comment_length check (length(comment) <= 10000)
);
create index reviews_customer_id_idx on shop.reviews (customer_id);
create trigger reviews_touch before update on shop.reviews for each row execute function shop.touch();
comment on table shop.reviews is 'Opinions of customers; shown and counted once approved.';

create function shop.count_reviews() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op <> 'INSERT' and old.is_approved then
    update shop.products set review_count = review_count - 1, rating_total = rating_total - old.rating
    where id = old.product_id;
  end if;
  if tg_op <> 'DELETE' and new.is_approved then
    update shop.products set review_count = review_count + 1, rating_total = rating_total + new.rating
    where id = new.product_id;
  end if;
  return null;
end;
$$;
create trigger reviews_count after insert or delete or update of rating, is_approved, product_id on shop.reviews
  for each row execute function shop.count_reviews();
comment on function shop.count_reviews is 'Counts and sums approved reviews on the product, right under concurrency.';

call shop.protect(
  'shop.categories', 'shop.products', 'shop.product_variants', 'shop.product_images', 'shop.reviews'
);

grant select on shop.categories, shop.product_variants, shop.product_images to anon, customer;
grant select (id, name, slug, description, category_id, brand, price, compare_price, sku, is_featured, is_active,
  review_count, average_rating, created_at, updated_at) on shop.products to anon, customer;
grant select (id, product_id, rating, title, comment, is_approved, created_at, updated_at) on shop.reviews to anon, customer;
grant select (customer_id), delete, insert (product_id, rating, title, comment), update (rating, title, comment)
  on shop.reviews to customer;
grant select, insert, update, delete on shop.categories, shop.product_variants, shop.product_images to staff;
grant select, insert, update, delete on shop.products to staff;
grant update (is_approved) on shop.reviews to staff;

create policy categories_select_active on shop.categories for select to anon, customer using (is_active);
create policy categories_all_staff on shop.categories to staff using (true) with check (true);
create policy products_select_active on shop.products for select to anon, customer using (is_active);
create policy products_all_staff on shop.products to staff using (true) with check (true);
-- What belongs to a product is as hidden as the product: the inner query sees what its caller may see. It is a value
-- and no `exists`, which PostgreSQL would answer by hashing all products, even for a page of twenty rows.
create policy product_variants_select_active on shop.product_variants for select to anon, customer
  using (is_active and (select p.is_active from shop.products p where p.id = product_id));
create policy product_variants_all_staff on shop.product_variants to staff using (true) with check (true);
create policy product_images_select_active on shop.product_images for select to anon, customer
  using ((select p.is_active from shop.products p where p.id = product_id));
create policy product_images_all_staff on shop.product_images to staff using (true) with check (true);
create policy reviews_select_approved on shop.reviews for select to anon, customer
  using (is_approved and (select p.is_active from shop.products p where p.id = product_id));
create policy reviews_select_own on shop.reviews for select to customer
  using (customer_id = (select shop.current_user_id()));
create policy reviews_insert_own on shop.reviews for insert to customer
  with check (customer_id = (select shop.current_user_id()) and not is_approved);
create policy reviews_update_own on shop.reviews for update to customer
  using (customer_id = (select shop.current_user_id()))
  with check (customer_id = (select shop.current_user_id()) and not is_approved);
create policy reviews_delete_own on shop.reviews for delete to customer
  using (customer_id = (select shop.current_user_id()));
create policy reviews_all_staff on shop.reviews to staff using (true) with check (true);

create function shop.return_review_to_queue() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.is_approved := false;
  return new;
end;
$$;
create trigger reviews_return_to_queue before update of rating, title, comment on shop.reviews
  for each row execute function shop.return_review_to_queue();
comment on function shop.return_review_to_queue is 'What was approved is what was read: an edited review is approved anew.';
