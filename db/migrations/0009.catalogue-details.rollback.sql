-- Undoes 0009.catalogue-details.
-- depends: 0008.outbox

drop table shop.wishlist_items;
alter policy reviews_insert_own on shop.reviews
  with check (customer_id = (select shop.current_user_id()) and not is_approved);
drop trigger reviews_recount on shop.reviews;
drop trigger reviews_count on shop.reviews;
create trigger reviews_count after insert or delete or update of rating, is_approved, product_id on shop.reviews
  for each row execute function shop.count_reviews();
drop trigger reviews_refuse_others_words on shop.reviews;
drop function shop.refuse_others_words();
drop trigger reviews_verify_purchase on shop.reviews;
drop function shop.verify_purchase();
drop index shop.reviews_created_at_idx;
drop index shop.reviews_product_id_idx;
alter table shop.reviews drop column is_verified_purchase;
alter table shop.product_variants drop constraint product_variants_attributes_are_plain;
drop trigger categories_release_deleted_products on shop.categories;
drop function shop.release_deleted_products();
drop trigger products_put_away on shop.products;
drop function shop.put_away_product();
alter table shop.products
  drop constraint products_barcode_length,
  drop constraint products_measures_are_positive,
  drop constraint products_meta_length,
  drop constraint products_low_stock_threshold_not_negative,
  drop constraint products_slug_is_no_other_address,
  drop constraint products_deleted_is_not_active,
  drop column barcode,
  drop column weight,
  drop column length,
  drop column width,
  drop column height,
  drop column meta_title,
  drop column meta_description,
  drop column low_stock_threshold,
  drop column deleted_at;
