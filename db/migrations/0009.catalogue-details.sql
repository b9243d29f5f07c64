-- What a catalogue to sell from needs beyond the core: details of products, wishlists, verified reviews.
-- Deleted products are put away, not destroyed: orders, carts and the ledger of stock go on knowing them, and slug and
-- SKU stay taken, so that an old link or label never comes to mean another thing, and deletion can be undone.
-- depends: 0008.outbox

alter table shop.products
  add column barcode text,
  add column weight numeric(10, 3),
  add column length numeric(10, 2),
  add column width numeric(10, 2),
  add column height numeric(10, 2),
  add column meta_title text not null default '',
  add column meta_description text not null default '',
  add column low_stock_threshold integer not null default 5,
  add column deleted_at timestamptz,
  -- squawk-ignore constraint-missing-not-valid
  add constraint products_barcode_length check (length(btrim(barcode)) between 1 and 100),
  -- squawk-ignore constraint-missing-not-valid
  add constraint products_measures_are_positive check (weight > 0 and length > 0 and width > 0 and height > 0),
  -- squawk-ignore constraint-missing-not-valid
  add constraint products_meta_length check (length(meta_title) <= 255 and length(meta_description) <= 1000),
  -- squawk-ignore constraint-missing-not-valid
  add constraint products_low_stock_threshold_not_negative check (low_stock_threshold >= 0),
  -- /api/v1/products/categories/ and the like are other things already.
  -- squawk-ignore constraint-missing-not-valid
  add constraint products_slug_is_no_other_address check (slug not in ('categories', 'facets', 'suggestions')),
  -- Whatever asks whether a product is sold asks is_active; so this line is all that deletion needs.
  -- squawk-ignore constraint-missing-not-valid
  add constraint products_deleted_is_not_active check (deleted_at is null or not is_active);
grant select (barcode, weight, length, width, height, meta_title, meta_description, deleted_at)
  on shop.products to anon, customer;

create function shop.put_away_product() returns trigger
language plpgsql set search_path = '' as $$
begin
  update shop.products set is_active = false, deleted_at = now() where id = old.id and deleted_at is null;
  -- A view is told that it is done, so that whoever deletes gets the row to see.
  return case tg_when when 'INSTEAD OF' then old end;
end;
$$;
create trigger products_put_away before delete on shop.products
  for each row execute function shop.put_away_product();
comment on function shop.put_away_product is 'Deletion of a product takes it out of the shop and leaves the row.';

create function shop.release_deleted_products() returns trigger
language plpgsql set search_path = '' as $$
begin
  update shop.products set category_id = null where category_id = old.id and deleted_at is not null;
  return old;
end;
$$;
create trigger categories_release_deleted_products before delete on shop.categories
  for each row execute function shop.release_deleted_products();
comment on function shop.release_deleted_products is 'A category is kept by products that are there, not by deleted ones.';

alter table shop.product_variants
  -- What customers choose by, and what is counted in facets, has plain values.
  -- squawk-ignore constraint-missing-not-valid
  add constraint product_variants_attributes_are_plain check (
    not jsonb_path_exists(attributes, 'strict $.* ? (@.type() == "object" || @.type() == "array" || @.type() == "null")', '{}', true)
    and length(attributes::text) <= 2000
  );

alter table shop.reviews add column is_verified_purchase boolean not null default false;
grant select (is_verified_purchase) on shop.reviews to anon, customer;
-- squawk-ignore require-concurrent-index-creation
create index reviews_product_id_idx on shop.reviews (product_id, created_at desc, id);
-- squawk-ignore require-concurrent-index-creation
create index reviews_created_at_idx on shop.reviews (created_at, id) where not is_approved;

create function shop.verify_purchase() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.is_verified_purchase := exists (
    select from shop.order_items i join shop.orders o on o.id = i.order_id
    where i.product_id = new.product_id and o.customer_id = new.customer_id
      and o.status in ('confirmed', 'processing', 'shipped', 'delivered')
  );
  return new;
end;
$$;
create trigger reviews_verify_purchase before insert or update on shop.reviews
  for each row execute function shop.verify_purchase();
comment on function shop.verify_purchase is
  'Whoever writes a review, or approves it: whether its author has bought the product is read from paid orders.';
update shop.reviews set is_verified_purchase = true where customer_id in (select o.customer_id from shop.orders o);

create function shop.refuse_others_words() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise sqlstate '23514' using
    message = 'a review violates check constraint "reviews_are_worded_by_their_author"',
    constraint = 'reviews_are_worded_by_their_author';
end;
$$;
create trigger reviews_refuse_others_words before update of rating, title, comment on shop.reviews for each row
  when (old.customer_id <> shop.current_user_id()) execute function shop.refuse_others_words();
comment on function shop.refuse_others_words is 'Staff lets a review be shown or not; what it says is its author''s.';

-- An edited headline takes a review out of the count, too, though the update does not name is_approved.
drop trigger reviews_count on shop.reviews;
create trigger reviews_count after insert or delete on shop.reviews
  for each row execute function shop.count_reviews();
create trigger reviews_recount after update on shop.reviews for each row
  when ((old.is_approved, old.rating, old.product_id) is distinct from (new.is_approved, new.rating, new.product_id))
  execute function shop.count_reviews();

-- Nobody reviews what they cannot see: the inner query sees what its caller may see.
alter policy reviews_insert_own on shop.reviews with check (
  customer_id = (select shop.current_user_id()) and not is_approved
  and exists (select from shop.products p where p.id = product_id and p.deleted_at is null)
);

create table shop.wishlist_items (
  customer_id uuid not null default shop.current_user_id(),
  product_id uuid not null,
  created_at timestamptz not null default now(),
  constraint wishlist_items_pkey primary key (customer_id, product_id),
  constraint wishlist_items_customer_id_fkey foreign key (customer_id)
    references shop.customers (id) on delete cascade,
  constraint wishlist_items_product_id_fkey foreign key (product_id) references shop.products (id) on delete cascade
);
create index wishlist_items_product_id_idx on shop.wishlist_items (product_id);
comment on table shop.wishlist_items is 'What customers would like to have.';
call shop.protect('shop.wishlist_items');
grant select, insert (product_id), delete on shop.wishlist_items to customer;
create policy wishlist_items_select_own on shop.wishlist_items for select to customer
  using (customer_id = (select shop.current_user_id()));
create policy wishlist_items_insert_own on shop.wishlist_items for insert to customer with check (
  customer_id = (select shop.current_user_id())
  and exists (select from shop.products p where p.id = product_id and p.deleted_at is null)
);
create policy wishlist_items_delete_own on shop.wishlist_items for delete to customer
  using (customer_id = (select shop.current_user_id()));
