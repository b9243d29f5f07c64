drop policy wishlist_items_insert_registered on shop.wishlist_items;
drop policy reviews_insert_registered on shop.reviews;
drop function shop.is_guest();
drop index shop.customers_guests_idx;
alter table shop.settings drop column guest_days;
alter table shop.orders drop column guest_email;
drop function shop.is_address(text);
alter table auth.accounts drop column heir_id;
