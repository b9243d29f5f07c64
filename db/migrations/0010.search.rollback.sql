-- Undoes 0010.search.
-- depends: 0009.catalogue-details

drop index shop.products_options_idx, shop.products_search_document_idx, shop.products_brand_idx,
  shop.products_rating_tenths_idx, shop.products_review_count_idx, shop.products_is_featured_idx,
  shop.products_price_cents_idx, shop.products_category_id_price_cents_idx, shop.products_category_id_idx, shop.products_created_at_idx;
create index products_category_id_idx on shop.products (category_id, created_at desc, id);
create index products_created_at_idx on shop.products (created_at desc, id);
create index products_is_featured_idx on shop.products (created_at desc, id) where is_featured;
create index products_review_count_idx on shop.products (review_count desc, id);
drop trigger stock_note on shop.stock;
drop function shop.note_stock();
drop trigger product_variants_note_delete on shop.product_variants;
drop trigger product_variants_note_update on shop.product_variants;
drop trigger product_variants_note_insert on shop.product_variants;
drop function shop.note_variants();
drop trigger categories_describe_products on shop.categories;
drop function shop.describe_products_of_category();
drop trigger products_describe on shop.products;
drop function shop.describe_product();
drop function shop.product_document(text, text, text, text, text);
alter table shop.products 
  drop column rating_tenths, drop column price_cents, drop column options, drop column is_in_stock, drop column search_document;
drop table shop.search_words;
drop text search configuration shop.words;
drop extension fuzzystrmatch;
