<?php
// Front door of QloApps for PHP's own web server, which knows no rewrite rules.
// Three kinds of requests: the web service, files that lie in the tree, and pages of the shop.

$path = rawurldecode((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));

if ($path === '/__ready__') { // asked by the harness at the start: does not touch the database
    header('Content-Type: text/plain');
    echo 'ready';
    return true;
}

// QloApps redirects every request for another host than the shop's domain. Clients reach us by loopback addresses
// with ports that change from run to run; those mean the shop. Any other name is left as it is.
$host = $_SERVER['HTTP_HOST'] ?? '';
if ($host === '' || preg_match('/^(127\.0\.0\.1|localhost)(:[0-9]+)?$/D', $host)) {
    $_SERVER['HTTP_HOST'] = $_SERVER['SERVER_NAME'] = getenv('PMS_DRILL_DOMAIN');
}

function front_controller(string $folder, string $file): void
{
    $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $folder . '/' . $file;
    $_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . $folder . '/' . $file;
    chdir($_SERVER['DOCUMENT_ROOT'] . $folder);
}

if (preg_match('#^/api(/.*)?$#D', $path, $found)) {
    // What the shop's own rewrite rule does: the rest of the path is the parameter `url`.
    $_GET['url'] = $_REQUEST['url'] = ltrim($found[1] ?? '', '/');
    front_controller('/webservice', 'dispatcher.php');
    require $_SERVER['SCRIPT_FILENAME'];
    return true;
}

$asset = '/\.(css|js|png|jpe?g|gif|svg|ico|woff2?|ttf|eot)$/Di';
if (preg_match($asset, $path) && is_file($_SERVER['DOCUMENT_ROOT'] . $path)) {
    return false; // sent as it lies there
}

front_controller('', 'index.php');
require $_SERVER['SCRIPT_FILENAME'];
return true;
